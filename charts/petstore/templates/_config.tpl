{{/*
What light-4j reads in the API's container. With the sidecar the API listens on the
pod's loopback only, so that nothing gets around the sidecar. This is server.yml, as
values.yml has no address, and would replace the image's own, which has the handlers.
*/}}
{{- define "petstore.config" -}}
{{- $sidecar := index .Values "http-sidecar" -}}
server.yml: |
  ip: {{ $sidecar.enabled | ternary "127.0.0.1" "0.0.0.0" }}
  enableHttp: true
  httpPort: {{ $sidecar.backendPort }}
  enableHttps: false
  enableHttp2: false
  dynamicPort: false
  enableRegistry: false
  serviceId: com.networknt.petstore-3.1.0
  bufferSize: 16384
  maxTransferFileSize: 1000000
  shutdownGracefulPeriod: 2000
{{- end }}
