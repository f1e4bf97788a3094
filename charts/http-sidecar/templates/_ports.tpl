{{/*
Where the sidecar listens, as a YAML list: the names of the port in the container
and in the Service, and its number. The probes use the first one. All ports of
this chart come from here.
*/}}
{{- define "http-sidecar.listeners" -}}
{{- with .Values.server }}
{{- if not (or .enableHttp .enableHttps) }}
{{- fail "http-sidecar: server.enableHttp and server.enableHttps are both false: light-4j stops when it starts" }}
{{- end }}
{{- if and .enableHttp .enableHttps }}
{{- if not $.Values.configServer.enabled }}
{{- fail "http-sidecar: server.enableHttp and server.enableHttps are both true: light-4j would open the HTTPS port only" }}
{{- end }}
{{- if eq (int .httpPort) (int .httpsPort) }}
{{- fail (printf "http-sidecar: server.httpPort and server.httpsPort are both %v" .httpPort) }}
{{- end }}
{{- end }}
{{- range $enabled, $port := dict "enableHttps" .httpsPort "enableHttp" .httpPort }}
{{- if and (index $.Values.server $enabled) (eq (int $port) (int $.Values.backendPort)) }}
{{- fail (printf "http-sidecar: backendPort %v is a port of the sidecar: both listen in the same pod" $port) }}
{{- end }}
{{- end }}
{{- if .enableHttps }}
- {container: sidecar-https, service: https, port: {{ .httpsPort }}}
{{- end }}
{{- if .enableHttp }}
- {container: sidecar-http, service: http, port: {{ .httpPort }}}
{{- end }}
{{- end }}
{{- end }}

{{/*
The ports of the API's Service:

  ports:
  {{- include "http-sidecar.servicePorts" $sidecar | nindent 2 }}
*/}}
{{- define "http-sidecar.servicePorts" -}}
{{- range $i, $listener := include "http-sidecar.listeners" . | fromYamlArray }}
{{- if $i }}{{ "\n" }}{{ end -}}
- name: {{ .service }}
  port: {{ .port }}
  targetPort: {{ .container }}
{{- end }}
{{- end }}

{{/* The port of the config server. */}}
{{- define "http-sidecar.configServerPort" -}}
{{- (urlParse .Values.configServer.uri).host | regexFind ":[0-9]+$" | trimPrefix ":" | default "443" }}
{{- end }}

{{/* The ports of a rule, in the order in which people write their fields. */}}
{{- define "http-sidecar.rulePorts" -}}
{{- range $i, $port := . }}
{{- if $i }}{{ "\n" }}{{ end -}}
- protocol: {{ $port.protocol }}
  port: {{ $port.port }}
  {{- with $port.endPort }}
  endPort: {{ . }}
  {{- end }}
{{- end }}
{{- end }}
