# Members that all know each other: a database or a queue with a quorum.
#
#   module "etcd" {
#     source  = "stdlib:cluster"
#     members = 5
#     spec    = "etcd"
#   }
#
# makes etcd-member-1 … etcd-member-5, each a peer of all others.

variable "members" {
  type        = number
  default     = 3
  description = "How many members there are: an odd number, so that there is a majority."

  validation {
    condition     = var.members % 2 == 1
    error_message = "A quorum needs an odd number of members."
  }
}

variable "spec" {
  type        = string
  default     = "base"
  description = "What they become."
}

variable "preset" {
  type        = string
  default     = "vm-medium"
  description = "Their size."
}

variable "disk" {
  type        = string
  default     = null
  description = "Size of their disk, as in 64GiB; by default the preset's."
}

variable "image" {
  type        = string
  default     = null
  description = "Their disk image; by default that of every node."
}

manifest "cluster" {
  description = "Members that all know each other."

  node "member" {
    count  = var.members
    spec   = var.spec
    preset = var.preset
    disk   = var.disk
    image  = var.image
    peers  = ["member-*"]
  }
}
