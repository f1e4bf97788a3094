{{/*
The sidecar's container, and the volumes that it needs. In the pod template of an
API that depends on this chart:

      containers:
      {{- include "http-sidecar.container" $sidecar | nindent 6 }}
      volumes:
      {{- include "http-sidecar.volumes" $sidecar | nindent 6 }}

The image's own command has -Dlight-4j-config-dir=/config.
*/}}
{{- define "http-sidecar.container" -}}
{{- $listeners := include "http-sidecar.listeners" . | fromYamlArray -}}
- name: http-sidecar
  image: {{ .Values.image }}
  imagePullPolicy: {{ .Values.imagePullPolicy }}
  env:
  {{- if .Values.configServer.enabled }}
  {{- include "http-sidecar.configServerEnv" . | nindent 2 }}
  {{- end }}
  - name: JAVA_TOOL_OPTIONS
    value: {{ .Values.javaToolOptions | quote }}
  ports:
  {{- range $listeners }}
  - name: {{ .container }}
    containerPort: {{ .port }}
    protocol: TCP
  {{- end }}
  {{- range $probe, $times := .Values.probes }}
  {{ $probe }}Probe:
    tcpSocket:
      port: {{ (first $listeners).container }}
    {{- toYaml $times | nindent 4 }}
  {{- end }}
  resources:
    {{- toYaml .Values.resources | nindent 4 }}
  securityContext:
    {{- toYaml .Values.securityContext | nindent 4 }}
  volumeMounts:
  - name: sidecar-tmp
    mountPath: /tmp
  {{- if .Values.configServer.enabled }}
  - name: sidecar-config-workdir
    mountPath: /config
  - name: sidecar-config
    mountPath: /config/startup.yml
    subPath: startup.yml
    readOnly: true
  - name: bootstrap
    mountPath: /config/bootstrap.truststore
    subPath: bootstrap.truststore
    readOnly: true
  {{- else }}
  - name: sidecar-config
    mountPath: /config
    readOnly: true
  {{- end }}
{{- end }}

{{- define "http-sidecar.configServerEnv" -}}
{{- $secret := printf "%s-bootstrap" (include "http-sidecar.name" .) -}}
{{- with .Values.configServer -}}
- name: LIGHT_4J_CONFIG_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: light-4j-config-password
- name: LIGHT_CONFIG_SERVER_URI
  value: {{ .uri | quote }}
- name: CONFIG_SERVER_CLIENT_TRUSTSTORE_LOCATION
  value: /config/bootstrap.truststore
- name: CONFIG_SERVER_CLIENT_TRUSTSTORE_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: config-server-client-truststore-password
- name: CONFIG_SERVER_CLIENT_VERIFY_HOST_NAME
  value: {{ .verifyHostName | quote }}
- name: LIGHT_PORTAL_AUTHORIZATION
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: sidecar-light-portal-authorization
- name: LIGHT_ENV
  value: {{ .lightEnv | quote }}
{{- end }}
{{- end }}

{{- define "http-sidecar.volumes" -}}
{{- $name := include "http-sidecar.name" . -}}
- name: sidecar-tmp
  emptyDir: {}
- name: sidecar-config
  configMap:
    name: {{ $name }}-sidecar-config
{{- if .Values.configServer.enabled }}
- name: sidecar-config-workdir
  emptyDir: {}
- name: bootstrap
  secret:
    secretName: {{ $name }}-bootstrap
{{- end }}
{{- end }}
