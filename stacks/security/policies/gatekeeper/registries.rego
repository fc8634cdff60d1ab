package registries

violation[{"msg": msg}] {
  container := containers[_]
  not from_ours(container.image)
  msg := sprintf("%v: the image %v comes from a registry other than %v", [container.name, container.image, input.parameters.registries])
}

from_ours(image) {
  startswith(image, sprintf("%v/", [input.parameters.registries[_]]))
}
