{{/* The ports of a rule, in the order in which people write their fields. */}}
{{- define "http-sidecar.ports" -}}
{{- range $i, $port := . }}
{{- if $i }}{{ "\n" }}{{ end -}}
- protocol: {{ $port.protocol }}
  port: {{ $port.port }}
  {{- with $port.endPort }}
  endPort: {{ . }}
  {{- end }}
{{- end }}
{{- end }}
