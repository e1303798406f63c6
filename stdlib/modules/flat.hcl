variable "count" {
  type    = number
  default = 3
}

manifest "flat" {
  node "node" {
    count = var.count
  }
}
