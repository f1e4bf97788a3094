{{/*
What light-4j reads, file by file: the data of the ConfigMap. An API's pod template
carries its checksum, as a running sidecar does not see a change:

      annotations:
        checksum/sidecar-config: {{ include "http-sidecar.config" $sidecar | sha256sum }}
*/}}
{{- define "http-sidecar.config" -}}
{{- if .Values.configServer.enabled -}}
startup.yml: |
  configLoaderClass: com.networknt.server.DefaultConfigLoader
  {{- with .Values.configServer }}
  host: {{ .host }}
  serviceId: {{ required "http-sidecar: configServer.serviceId: the config server needs it" .serviceId }}
  envTag: {{ toYaml .envTag }}
  acceptHeader: application/yaml
  timeout: {{ .timeout }}
  {{- end }}
{{- else -}}
values.yml: |
  {{- with .Values.server }}
  server.enableHttp: {{ .enableHttp }}
  {{- if .enableHttp }}
  server.httpPort: {{ .httpPort }}
  {{- end }}
  server.enableHttps: {{ .enableHttps }}
  {{- if .enableHttps }}
  server.httpsPort: {{ .httpsPort }}
  {{- end }}
  {{- end }}
  proxy.hosts: http://127.0.0.1:{{ .Values.backendPort }}
  {{- with .Values.config }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}
