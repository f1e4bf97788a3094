{{/*
All templates of this chart take the context of the chart itself. A chart that
depends on it finds that below .Subcharts, by the dependency's name or alias:

{{- $sidecar := index .Subcharts "http-sidecar" }}
*/}}

{{- define "http-sidecar.name" -}}
{{ .Values.name | default .Release.Name }}
{{- end }}

{{- define "http-sidecar.policyName" -}}
{{- with .Values.networkPolicy -}}
{{ if .namedByRelease }}{{ $.Release.Name }}-{{ end }}{{ .name }}
{{- end }}
{{- end }}

{{/* The labels of the API's pods, whichever part of the API they are. */}}
{{- define "http-sidecar.podLabels" -}}
app: {{ toYaml .Values.app }}
app.kubernetes.io/name: {{ toYaml .Values.app }}
app.kubernetes.io/instance: {{ toYaml .Release.Name }}
{{- end }}

{{/* The labels of what belongs to the sidecar. */}}
{{- define "http-sidecar.labels" -}}
{{ include "http-sidecar.podLabels" . }}
app.kubernetes.io/component: sidecar
app.kubernetes.io/part-of: lightapi
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* The pods that the policy, and every overlay, is for. */}}
{{- define "http-sidecar.podSelector" -}}
matchLabels:
  app: {{ toYaml .Values.app }}
  {{- if .Values.networkPolicy.namedByRelease }}
  app.kubernetes.io/instance: {{ toYaml .Release.Name }}
  {{- end }}
{{- end }}
