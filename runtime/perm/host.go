package perm

// Everybody's guests are under this path.
const guests = "/vms"

// Host are the needs of every plan on a host, whatever is in it: to see the world
// as it is, and to exclude other drivers.
func Host(at_ Place) []Need {
	because := func(why string, n Need) Need {
		n.For = why
		return n
	}
	return []Need{
		because("which node answers, and which cluster it is in", at("/", "Sys.Audit")),
		because("tasks of others on the same guests, memory of the node", at("/nodes/"+at_.Node, "Sys.Audit")),
		because("guests that are there already, whoever made them", below(guests, "VM.Audit")),
		because("the lease that excludes other drivers (a pool object)", below("/pool", "Pool.Allocate", "Pool.Audit")),
	}
}
