package privileges

violation[{"msg": msg}] {
  field := {"hostNetwork", "hostPID", "hostIPC"}[_]
  pod_spec[field] == true
  msg := sprintf("%v is true: pods share nothing with their node", [field])
}

violation[{"msg": msg}] {
  volume := pod_spec.volumes[_]
  volume.hostPath
  msg := sprintf("the volume %v is a folder of the node", [volume.name])
}

violation[{"msg": msg}] {
  container := containers[_]
  container.ports[_].hostPort > 0
  msg := sprintf("%v: takes a port of the node", [container.name])
}

violation[{"msg": msg}] {
  container := containers[_]
  container.securityContext.privileged == true
  msg := sprintf("%v: is privileged", [container.name])
}

violation[{"msg": msg}] {
  container := containers[_]
  not container.securityContext.allowPrivilegeEscalation == false
  msg := sprintf("%v: allowPrivilegeEscalation is not false", [container.name])
}

violation[{"msg": msg}] {
  container := containers[_]
  not drops_all(container)
  msg := sprintf("%v: does not drop all capabilities", [container.name])
}

violation[{"msg": msg}] {
  container := containers[_]
  added := container.securityContext.capabilities.add[_]
  msg := sprintf("%v: adds the capability %v", [container.name, added])
}

violation[{"msg": msg}] {
  container := containers[_]
  not has_seccomp(container)
  msg := sprintf("%v: has no seccomp profile of the runtime, here or for its pod", [container.name])
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
