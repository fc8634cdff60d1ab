package tokens

violation[{"msg": msg}] {
  not pod_spec.automountServiceAccountToken == false
  msg := "automountServiceAccountToken is not false: nothing here talks to the API of Kubernetes"
}
