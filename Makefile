# make help lists the targets.

# The pinned Helm 3: "tool" in go.mod.
HELM    := go tool helm
FUZZTIME ?= 1m

.PHONY: build demo test e2e lint fuzz bench charts clean help

build: ## build bin/netpol-merge
	@CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o bin/netpol-merge .

demo: build ## render charts/petstore with Helm and show what the merge adds
	@go run ./examples/demo

test: ## run all tests that need only Go
	@go test ./...

e2e: ## compare with the API server's validation and with cyclonus
	@cd e2e/kubernetes && go test ./...
	@cd e2e/meaning && go test ./...

lint: ## vet, gofmt and staticcheck
	@go vet ./...
	@test -z "$$(gofmt -l .)" || { gofmt -d .; exit 1; }
	@go tool staticcheck ./...

fuzz: ## fuzz each target for FUZZTIME
	@.ci/fuzz $(FUZZTIME)

bench: build ## compare time and memory with kustomize, yq and cat
	@go run ./e2e/bench -tools "$$(e2e/tools)" $(BENCHFLAGS)

charts: ## package charts/http-sidecar into charts/petstore, which depends on it
	@$(HELM) dependency update charts/petstore

clean: ## remove what was built
	@rm -rf bin dist

help: ## show this
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-8s %s\n", $$1, $$2}' Makefile
