package tokens

violation[{"msg": msg}] {
  not pod_spec.automountServiceAccountToken == false
  msg := "automountServiceAccountToken must be false: pods here do not use the Kubernetes API"
}
