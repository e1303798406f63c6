manifest "cluster" {
  description = "Three web servers that know each other, between a database and a balancer"

  node "database" {
    spec   = spec.database
    preset = preset.vm-medium
  }

  # web-ash, web-birch and web-cedar: each is told the names and addresses of
  # the other two, and none is made before the database is ready.
  node "web" {
    for_each   = ["ash", "birch", "cedar"]
    spec       = spec.web
    tags       = ["web"]
    depends_on = [node.database]
    peers      = [node.web]
  }

  # The name alone means all of them.
  node "balancer" {
    spec       = spec.web
    preset     = preset.vm-xsmall
    depends_on = [node.web]
  }
}

spec "database" {
  platform {
    packages = ["postgresql"]

    services {
      enable = ["postgresql"]
    }
  }
}

spec "web" {
  platform {
    packages = ["nginx"]

    services {
      enable = ["nginx"]
    }
  }
}
