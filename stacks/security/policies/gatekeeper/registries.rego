package registries

violation[{"msg": msg}] {
  container := containers[_]
  not is_allowed(container.image)
  msg := sprintf("%v: the image %v must come from %v", [container.name, container.image, input.parameters.registries])
}

is_allowed(image) {
  startswith(image, sprintf("%v/", [input.parameters.registries[_]]))
}
