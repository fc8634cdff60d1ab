package probes

violation[{"msg": msg}] {
  container := pod_spec.containers[_]
  probe := {"livenessProbe", "readinessProbe"}[_]
  not container[probe]
  msg := sprintf("%v: has no %v", [container.name, probe])
}

# A sidecar: an init container that keeps running.
violation[{"msg": msg}] {
  container := pod_spec.initContainers[_]
  container.restartPolicy == "Always"
  not container.livenessProbe
  msg := sprintf("%v: has no livenessProbe", [container.name])
}
