package labels

violation[{"msg": msg}] {
  label := input.parameters.labels[_]
  not input.review.object.metadata.labels[label]
  msg := sprintf("the label %v is missing", [label])
}

violation[{"msg": msg}] {
  template := input.review.object.spec.template
  label := input.parameters.labels[_]
  not template.metadata.labels[label]
  msg := sprintf("the label %v is missing in the pod template", [label])
}
