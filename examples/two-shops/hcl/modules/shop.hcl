# A back office, and tills that wait for it.
variable "tills" {
  type    = number
  default = 1
}

node "office" {
  preset = preset.vm-medium
}

node "till" {
  count      = var.tills
  preset     = preset.vm-xsmall
  depends_on = [node.office]
}
