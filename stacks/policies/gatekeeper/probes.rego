package probes

violation[{"msg": msg}] {
  container := pod_spec.containers[_]
  probe := {"livenessProbe", "readinessProbe"}[_]
  not container[probe]
  msg := sprintf("%v: has no %v", [container.name, probe])
}
