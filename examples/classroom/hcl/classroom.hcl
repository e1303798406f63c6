variable "students" {
  description = "seat of each student, by name"
  type        = map(number)
  default     = { ada = 1, grace = 2, linus = 3 }
}

variable "exam" {
  description = "whether machines may not be lost today"
  type        = bool
  default     = false
}

locals {
  subnet = "10.0.40.0/24"
}

manifest "classroom" {
  description = "A machine for each of ${length(var.students)} students, with addresses to put on the door"

  node "teacher" {
    preset = preset.vm-medium

    network {
      ip      = "${cidrhost(local.subnet, 10)}/24"
      gateway = cidrhost(local.subnet, 1)
    }
  }

  node "desk" {
    for_each   = var.students
    preset     = var.exam ? "vm-medium" : "vm-xsmall"
    protect    = var.exam
    tags       = ["seat-${each.value}"]
    depends_on = [node.teacher]

    network {
      ip      = "${cidrhost(local.subnet, 20 + each.value)}/24"
      gateway = cidrhost(local.subnet, 1)
    }
  }
}
