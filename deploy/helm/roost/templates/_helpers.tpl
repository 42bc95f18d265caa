{{- define "roost.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "roost.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "roost.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "roost.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "roost.selectorLabels" -}}
app.kubernetes.io/name: {{ include "roost.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "roost.labels" -}}
{{ include "roost.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "roost.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "roost.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "roost.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "roost.args" -}}
- serve
{{- if .Values.config }}
- --project=/etc/roost/project
{{- range .Values.models }}
- {{ . | quote }}
{{- end }}
{{- else }}
- --model-dir=/mnt/models
{{- with .Values.modelName }}
- --model-name={{ . }}
{{- end }}
{{- end }}
- --host=0.0.0.0
- --port={{ .Values.port }}
- --threads={{ .Values.threads }}
{{- if .Values.access.tokensSecret }}
- --tokens=/etc/roost/tokens/tokens.json
{{- else if not .Values.access.anonymous }}
{{- fail "no caller could be answered: name access.tokensSecret, or set access.anonymous" }}
{{- end }}
{{- if .Values.access.anonymous }}
- --allow-anonymous
{{- end }}
{{- if .Values.tls.secret }}
- --tls-certificate=/etc/roost/tls/tls.crt
- --tls-key=/etc/roost/tls/tls.key
{{- if .Values.tls.clientCa }}
- --tls-client-ca=/etc/roost/tls/ca.crt
{{- end }}
{{- else }}
{{- if .Values.tls.clientCa }}
{{- fail "tls.clientCa needs tls.secret" }}
{{- end }}
- --allow-plaintext
{{- end }}
{{- range .Values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end -}}

{{- /* Takes the path. Kubernetes has no certificate to show. */}}
{{- define "roost.probe" -}}
{{- $values := .values -}}
{{- if $values.tls.clientCa }}
tcpSocket:
  port: http
{{- else }}
httpGet:
  path: {{ .path }}
  port: http
{{- if $values.tls.secret }}
  scheme: HTTPS
{{- end }}
{{- end }}
{{- end -}}
