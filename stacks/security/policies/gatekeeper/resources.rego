package resources

violation[{"msg": msg}] {
  container := containers[_]
  needed := {["requests", "cpu"], ["requests", "memory"], ["limits", "memory"]}[_]
  not container.resources[needed[0]][needed[1]]
  msg := sprintf("%v: resources.%v.%v is missing", [container.name, needed[0], needed[1]])
}
