{{- /* Whether an item of a map takes part: yes, unless it says no. */ -}}
{{- define "standin.enabled" -}}
{{- if not (and (hasKey . "enabled") (not .enabled)) }}yes{{ end -}}
{{- end -}}

{{- /* The ids of enabled containers, each after those that it depends on, else by name. In: map. Out: JSON list. */ -}}
{{- define "standin.order" -}}
{{- $waiting := dict -}}
{{- range $id, $item := . -}}
  {{- if include "standin.enabled" $item -}}{{- $_ := set $waiting $id (default list $item.dependsOn) -}}{{- end -}}
{{- end -}}
{{- $out := list -}}
{{- range until (len $waiting) -}}
  {{- $next := "" -}}
  {{- range $id, $needs := $waiting -}}
    {{- $missing := $needs -}}
    {{- range $out -}}{{- $missing = without $missing . -}}{{- end -}}
    {{- if and (not $next) (not (has $id $out)) (not $missing) -}}{{- $next = $id -}}{{- end -}}
  {{- end -}}
  {{- if not $next -}}{{- fail "containers depend on each other, or on one that is not there" -}}{{- end -}}
  {{- $out = append $out $next -}}
{{- end -}}
{{- toJson $out -}}
{{- end -}}

{{- /* In: dict root, probes, hasPort. Out: YAML of the container's probe fields. */ -}}
{{- define "standin.probes" -}}
{{- $root := .root -}}{{- $service := .service -}}{{- $fields := dict -}}
{{- range $kind, $probe := .probes -}}
  {{- if and (hasKey $probe "enabled") $probe.enabled -}}
    {{- $made := dict -}}
    {{- if $probe.custom -}}
      {{- $made = tpl (toYaml $probe.spec) $root | fromYaml -}}
    {{- else if $service -}}
      {{- range $key := list "initialDelaySeconds" "failureThreshold" "timeoutSeconds" "periodSeconds" -}}
        {{- $_ := set $made $key (index $probe.spec $key) -}}
      {{- end -}}
      {{- $action := dict -}}
      {{- if $probe.port -}}
        {{- $_ := set $action "port" (kindIs "string" $probe.port | ternary (tpl (toString $probe.port) $root) $probe.port) -}}
      {{- else -}}
        {{- range $service.ports -}}{{- if include "standin.enabled" . -}}{{- $_ := set $action "port" (.targetPort | default .port) -}}{{- end -}}{{- end -}}
      {{- end -}}
      {{- if has $probe.type (list "HTTP" "HTTPS") -}}
        {{- $_ := set $made "httpGet" (merge $action (dict "path" $probe.path "scheme" $probe.type)) -}}
      {{- else -}}
        {{- $_ := set $made "tcpSocket" $action -}}
      {{- end -}}
    {{- end -}}
    {{- if $made -}}{{- $_ := set $fields (printf "%sProbe" $kind) $made -}}{{- end -}}
  {{- end -}}
{{- end -}}
{{- if $fields -}}{{- toYaml $fields -}}{{- end -}}
{{- end -}}

{{- /* In: dict root, values, controller, id, container, service. Out: YAML of one container. */ -}}
{{- define "standin.container" -}}
{{- $root := .root -}}{{- $c := .container -}}{{- $out := dict -}}
{{- $_ := set $out "name" (tpl (default .id $c.nameOverride) $root) -}}
{{- $image := tpl (toString $c.image.repository) $root -}}
{{- with tpl (toString (default "" $c.image.tag)) $root -}}{{- $image = printf "%s:%s" $image . -}}{{- end -}}
{{- with $c.image.digest -}}{{- $image = printf "%s@%s" $image . -}}{{- end -}}
{{- $_ := set $out "image" $image -}}
{{- with $c.image.pullPolicy -}}{{- $_ := set $out "imagePullPolicy" . -}}{{- end -}}
{{- range $key := list "command" "args" -}}
  {{- with index $c $key -}}{{- $_ := set $out $key (kindIs "string" . | ternary (list .) .) -}}{{- end -}}
{{- end -}}
{{- range $key := list "workingDir" "securityContext" "lifecycle" "terminationMessagePath" "terminationMessagePolicy" "ports" "resources" "restartPolicy" "stdin" "tty" "envFrom" -}}
  {{- with index $c $key -}}{{- $_ := set $out $key . -}}{{- end -}}
{{- end -}}
{{- $env := list -}}
{{- range $name, $value := $c.env -}}
  {{- if and (kindIs "map" $value) (hasKey $value "value") -}}
    {{- $env = append $env (dict "name" $name "value" (tpl (toString $value.value) $root)) -}}
  {{- else if kindIs "map" $value -}}
    {{- $env = append $env (dict "name" $name "valueFrom" (tpl (toYaml (default (omit $value "dependsOn") $value.valueFrom)) $root | fromYaml)) -}}
  {{- else -}}
    {{- $env = append $env (dict "name" $name "value" (tpl (toString $value) $root)) -}}
  {{- end -}}
{{- end -}}
{{- with $env -}}{{- $_ := set $out "env" . -}}{{- end -}}
{{- with include "standin.probes" (dict "root" $root "probes" $c.probes "service" .service) -}}
  {{- $out = merge $out (fromYaml .) -}}
{{- end -}}
{{- $mounts := list -}}
{{- $controller := .controller -}}{{- $id := .id -}}
{{- range $volume, $item := .values.persistence -}}
  {{- if include "standin.enabled" $item -}}
    {{- $places := dig $controller $id list (default dict $item.advancedMounts) -}}
    {{- if and (not $item.advancedMounts) (not $item.globalMounts) -}}{{- $places = list (dict "path" (printf "/%s" $volume)) -}}{{- end -}}
    {{- range concat (default list $item.globalMounts) $places -}}
      {{- $mount := dict "name" $volume "mountPath" .path -}}
      {{- with .subPath -}}{{- $_ := set $mount "subPath" . -}}{{- end -}}
      {{- with .subPathExpr -}}{{- $_ := set $mount "subPathExpr" . -}}{{- end -}}
      {{- with .readOnly -}}{{- $_ := set $mount "readOnly" . -}}{{- end -}}
      {{- with .mountPropagation -}}{{- $_ := set $mount "mountPropagation" . -}}{{- end -}}
      {{- $mounts = append $mounts $mount -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- with $mounts -}}{{- $_ := set $out "volumeMounts" . -}}{{- end -}}
{{- toYaml $out -}}
{{- end -}}

{{- /* In: dict values, controller, names. Out: YAML with the key "volumes". */ -}}
{{- define "standin.volumes" -}}
{{- $volumes := list -}}{{- $root := .root -}}{{- $controller := .controller -}}{{- $names := .names -}}
{{- range $id, $item := .values.persistence -}}
  {{- $mine := dig $controller dict (default dict $item.advancedMounts) -}}
  {{- if and (include "standin.enabled" $item) (or $mine $item.globalMounts (not $item.advancedMounts)) -}}
    {{- $type := default "persistentVolumeClaim" $item.type -}}
    {{- $volume := dict "name" $id -}}
    {{- if eq $type "persistentVolumeClaim" -}}
      {{- $_ := set $volume $type (dict "claimName" (default (index $names $id) $item.existingClaim)) -}}
    {{- else if eq $type "emptyDir" -}}
      {{- $_ := set $volume $type (pick $item "medium" "sizeLimit") -}}
    {{- else if eq $type "configMap" -}}
      {{- $name := $item.name -}}
      {{- with $item.identifier -}}{{- $name = index $names (printf "configMaps/%s" .) -}}{{- end -}}
      {{- if not $name -}}{{- fail (printf "volume %s: no such ConfigMap" $id) -}}{{- end -}}
      {{- $_ := set $volume $type (merge (dict "name" (tpl $name $root)) (pick $item "defaultMode" "items")) -}}
    {{- else if eq $type "secret" -}}
      {{- $_ := set $volume $type (merge (dict "secretName" (tpl $item.name $root)) (pick $item "defaultMode" "items")) -}}
    {{- else if eq $type "custom" -}}
      {{- $volume = merge $volume $item.volumeSpec -}}
    {{- else -}}
      {{- fail (printf "volume %s: type %s is unknown" $id $type) -}}
    {{- end -}}
    {{- $volumes = append $volumes $volume -}}
  {{- end -}}
{{- end -}}
{{- toYaml (dict "volumes" $volumes) -}}
{{- end -}}
