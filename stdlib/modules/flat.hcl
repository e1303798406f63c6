# Machines that are alike and know nothing of each other.
#
#   module "web" {
#     source   = "stdlib:flat"
#     machines = 4
#     preset   = "vm-medium"
#   }
#
# makes web-node-1 … web-node-4.

variable "machines" {
  type        = number
  default     = 3
  description = "How many machines there are."

  validation {
    condition     = var.machines >= 0
    error_message = "There cannot be fewer than none."
  }
}

variable "spec" {
  type        = string
  default     = "base"
  description = "What they become."
}

variable "preset" {
  type        = string
  default     = "vm-small"
  description = "Their size."
}

variable "image" {
  type        = string
  default     = null
  description = "Their disk image; by default that of every node."
}

manifest "flat" {
  description = "Machines that are alike and know nothing of each other."

  node "node" {
    count  = var.machines
    spec   = var.spec
    preset = var.preset
    image  = var.image
  }
}
