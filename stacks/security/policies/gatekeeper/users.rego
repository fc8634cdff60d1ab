package users

violation[{"msg": msg}] {
  container := containers[_]
  not non_root(container)
  msg := sprintf("%v: runAsNonRoot must be true, in the container or the pod", [container.name])
}

violation[{"msg": msg}] {
  container := containers[_]
  user_of(container) == 0
  msg := sprintf("%v: runAsUser must not be 0", [container.name])
}

violation[{"msg": msg}] {
  container := containers[_]
  not container.securityContext.readOnlyRootFilesystem == true
  msg := sprintf("%v: readOnlyRootFilesystem must be true", [container.name])
}

non_root(container) {
  container.securityContext.runAsNonRoot == true
}

non_root(container) {
  not overrides_pod(container)
  pod_spec.securityContext.runAsNonRoot == true
}

overrides_pod(container) {
  container.securityContext.runAsNonRoot == false
}

user_of(container) = container.securityContext.runAsUser

user_of(container) = pod_spec.securityContext.runAsUser {
  not container.securityContext.runAsUser
}
