{{- define "petstore.selector" -}}
app.kubernetes.io/name: {{ toYaml (index .Values "http-sidecar").app }}
app.kubernetes.io/instance: {{ toYaml .Release.Name }}
{{- end }}

{{- define "petstore.labels" -}}
app: {{ toYaml (index .Values "http-sidecar").app }}
{{ include "petstore.selector" . }}
app.kubernetes.io/component: api
app.kubernetes.io/part-of: lightapi
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}
