package digests

violation[{"msg": msg}] {
  container := containers[_]
  not re_match("^[^@]+@sha256:[0-9a-f]{64}$", container.image)
  msg := sprintf("%v: the image %v must be named by its digest", [container.name, container.image])
}
