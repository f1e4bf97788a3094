# make help lists the targets.

# The Helm 3 that e2e/helm/go.mod pins. Go builds it when it is first needed, which
# takes minutes.
HELM     = $(shell go -C e2e/helm tool -n helm)
DEMOHELM = $(or $(shell command -v helm 2>/dev/null),$(info no helm in PATH: building one, the first time takes minutes)$(HELM))
FUZZTIME ?= 1m

.PHONY: build plugin dist image demo test e2e lint fuzz bench charts clean help

build: ## build bin/netpol-merge
	@CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o bin/netpol-merge .

plugin: ## build the Helm 4 plugin for this machine, for HELM_PLUGINS=dist/plugin
	@.ci/plugin

dist: ## write a release into dist: archives, plugin, SBOMs, checksums
	@.ci/dist

image: dist ## pack the release in dist as a container image, dist/image; needs buildah
	@.ci/image

demo: build plugin ## render charts/petstore with Helm and show what the merge changes
	@helm=$(DEMOHELM); export PATH="$$PWD/bin:$$PATH"; \
	case $$($$helm version --short) in v4.*) export HELM_PLUGINS="$$PWD/dist/plugin" ;; esac; \
	$$helm template petstore charts/petstore >bin/without.yaml && \
	$$helm template petstore charts/petstore --post-renderer netpol-merge >bin/with.yaml && \
	{ diff -u -L 'helm template petstore charts/petstore' bin/without.yaml \
		-L 'helm template petstore charts/petstore --post-renderer netpol-merge' bin/with.yaml; test $$? = 1; }

test: ## run all tests that need only Go
	@go test ./...
	@cd e2e/helm && go test ./...

e2e: ## run the real hosts and an API server, and compare with its code, with cyclonus and with those who read after us
	@e2e/tools >/dev/null
	@cd e2e/kubernetes && go test ./...
	@cd e2e/meaning && go test ./...
	@cd e2e/readers && go test ./...
	@cd e2e/hosts && go test -count=1 -timeout 30m

lint: ## gofmt, and golangci-lint as .golangci.yml says
	@test -z "$$(gofmt -l .)" || { gofmt -d .; exit 1; }
	@lint=$$(.ci/tool golangci-lint) && for module in . e2e/helm e2e/hosts e2e/readers; do (cd $$module && $$lint run) || exit; done

fuzz: ## fuzz each target for FUZZTIME
	@.ci/fuzz $(FUZZTIME)

bench: build ## compare time and memory with kustomize, yq and cat
	@go run ./e2e/bench -tools "$$(e2e/tools)" $(BENCHFLAGS)

charts: ## package charts/http-sidecar into charts/petstore, which depends on it
	@$(HELM) dependency update charts/petstore

clean: ## remove what was built
	@rm -rf bin dist

help: ## show this
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "%-8s %s\n", $$1, $$2}' Makefile
