# Shared by all rules: the pod spec of an object, and its containers. Appended to each rule.

pod_spec = input.review.object.spec {
  input.review.object.kind == "Pod"
}

pod_spec = input.review.object.spec.template.spec {
  input.review.object.kind != "CronJob"
}

pod_spec = input.review.object.spec.jobTemplate.spec.template.spec {
  input.review.object.kind == "CronJob"
}

containers[container] {
  container := pod_spec.containers[_]
}

containers[container] {
  container := pod_spec.initContainers[_]
}

containers[container] {
  container := pod_spec.ephemeralContainers[_]
}
