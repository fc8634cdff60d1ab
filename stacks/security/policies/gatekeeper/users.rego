package users

violation[{"msg": msg}] {
  container := containers[_]
  not non_root(container)
  msg := sprintf("%v: runAsNonRoot is not true, here or for its pod", [container.name])
}

violation[{"msg": msg}] {
  container := containers[_]
  user_of(container) == 0
  msg := sprintf("%v: runs as user 0", [container.name])
}

violation[{"msg": msg}] {
  container := containers[_]
  not container.securityContext.readOnlyRootFilesystem == true
  msg := sprintf("%v: readOnlyRootFilesystem is not true", [container.name])
}

non_root(container) {
  container.securityContext.runAsNonRoot == true
}

non_root(container) {
  not has_own(container)
  pod_spec.securityContext.runAsNonRoot == true
}

has_own(container) {
  container.securityContext.runAsNonRoot == false
}

user_of(container) = container.securityContext.runAsUser

user_of(container) = pod_spec.securityContext.runAsUser {
  not container.securityContext.runAsUser
}
