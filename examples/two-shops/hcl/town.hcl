manifest "town" {
  description = "Two shops from one pattern, and somebody who watches both"

  module "north" {
    source = "./modules/shop.hcl"
  }

  module "south" {
    source = "./modules/shop.hcl"
    tills  = 3
  }

  # A module's name means all of its machines.
  node "watch" {
    preset     = preset.vm-xsmall
    depends_on = [node.north, node.south]
  }
}
