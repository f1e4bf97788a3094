{{/*
An API's overlay: egress rules that the post-renderer netpol-merge folds into the
policy of this chart. It has the policy's podSelector and isolates egress only: if
a step forgets the merge, Kubernetes adds it to the policy for the same pods, and
no other pod is affected. In a template of an API that depends on this chart:

{{ include "http-sidecar.overlay" (dict "sidecar" $sidecar "name" "petstore-db" "egress" .Values.egress) }}
*/}}
{{- define "http-sidecar.overlay" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ .name }}
  annotations:
    netpol-merge.networknt.com/into: {{ include "http-sidecar.policyName" .sidecar | toYaml }}
spec:
  podSelector:
    {{- include "http-sidecar.podSelector" .sidecar | nindent 4 }}
  policyTypes:
  - Egress
  egress:
  {{- toYaml .egress | nindent 2 }}
{{- end }}
