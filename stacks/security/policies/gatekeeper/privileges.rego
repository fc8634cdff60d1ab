package privileges

violation[{"msg": msg}] {
  field := {"hostNetwork", "hostPID", "hostIPC"}[_]
  pod_spec[field] == true
  msg := sprintf("%v must not be true", [field])
}

violation[{"msg": msg}] {
  volume := pod_spec.volumes[_]
  volume.hostPath
  msg := sprintf("the volume %v must not be a hostPath", [volume.name])
}

violation[{"msg": msg}] {
  container := containers[_]
  container.ports[_].hostPort > 0
  msg := sprintf("%v: hostPort is not allowed", [container.name])
}

violation[{"msg": msg}] {
  container := containers[_]
  container.securityContext.privileged == true
  msg := sprintf("%v: must not be privileged", [container.name])
}

violation[{"msg": msg}] {
  container := containers[_]
  not container.securityContext.allowPrivilegeEscalation == false
  msg := sprintf("%v: allowPrivilegeEscalation must be false", [container.name])
}

violation[{"msg": msg}] {
  container := containers[_]
  not drops_all(container)
  msg := sprintf("%v: must drop ALL capabilities", [container.name])
}

violation[{"msg": msg}] {
  container := containers[_]
  added := container.securityContext.capabilities.add[_]
  msg := sprintf("%v: must not add the capability %v", [container.name, added])
}

violation[{"msg": msg}] {
  container := containers[_]
  not has_seccomp(container)
  msg := sprintf("%v: seccompProfile.type must be RuntimeDefault, in the container or the pod", [container.name])
}

drops_all(container) {
  container.securityContext.capabilities.drop[_] == "ALL"
}

has_seccomp(container) {
  container.securityContext.seccompProfile.type == "RuntimeDefault"
}

has_seccomp(container) {
  not container.securityContext.seccompProfile
  pod_spec.securityContext.seccompProfile.type == "RuntimeDefault"
}
