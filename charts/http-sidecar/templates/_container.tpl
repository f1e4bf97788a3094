{{/*
The sidecar container. In the pod template of an API that depends on this chart:

      containers:
      {{- include "http-sidecar.container" . | nindent 6 }}

It reads its configuration from the volume "sidecar-config".
*/}}
{{- define "http-sidecar.container" -}}
{{- $sidecar := index .Values "http-sidecar" -}}
- name: http-sidecar
  image: {{ $sidecar.image }}
  ports:
  - name: sidecar
    containerPort: 8080
    protocol: TCP
  readinessProbe:
    httpGet:
      path: /health
      port: sidecar
  resources:
    {{- toYaml $sidecar.resources | nindent 4 }}
  securityContext:
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    runAsNonRoot: true
  volumeMounts:
  - name: sidecar-config
    mountPath: /config
    readOnly: true
{{- end }}
