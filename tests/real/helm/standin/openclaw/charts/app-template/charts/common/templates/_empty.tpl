{{- /* A library without definitions: the stand-in's are in app-template. */ -}}
