{{/*
An API's overlay: egress rules that the post-renderer netpol-merge folds into
the policy of this chart. It has no podSelector, so it is for the same pods, and
it never reaches the cluster. In a template of an API that depends on this chart:

{{ include "http-sidecar.overlay" (dict "context" . "name" "petstore-db" "egress" .Values.egress) }}
*/}}
{{- define "http-sidecar.overlay" -}}
{{- $sidecar := index .context.Values "http-sidecar" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ .name }}
  annotations:
    netpol-merge.networknt.com/into: {{ $sidecar.networkPolicy.name }}
spec:
  egress:
  {{- toYaml .egress | nindent 2 }}
{{- end }}
