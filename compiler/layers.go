package compiler

import (
	"strconv"
	"time"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/unit"
)

// over puts a declared value over what would hold without it. A bad value was
// reported, and changes nothing.
func over[T any](o opt[T], layer ir.Layer, below ir.Value[T]) ir.Value[T] {
	if !o.ok() {
		return below
	}
	return ir.Value[T]{V: o.V, From: ir.Origin{Layer: layer, Range: o.At}}
}

// byDefault is a value nobody wrote down.
func byDefault[T any](v T) ir.Value[T] { return ir.Value[T]{V: v} }

// defaultText is the default the schema states, so that there is one table.
func defaultText(o *schema.Object, key string) ir.Value[string] { return byDefault(o.Default(key)) }

func defaultInt(o *schema.Object, key string) ir.Value[int] {
	v, err := strconv.Atoi(o.Default(key))
	if err != nil {
		panic("schema: default of " + o.Name + "." + key + ": " + err.Error())
	}
	return byDefault(v)
}

func defaultFlag(o *schema.Object, key string) ir.Value[bool] {
	return byDefault(o.Default(key) == "true")
}

func defaultSize(o *schema.Object, key string) ir.Value[unit.Size] {
	f := o.Field(key)
	v, err := unit.ParseSize(f.Default, f.Unit)
	if err != nil {
		panic("schema: default of " + o.Name + "." + key + ": " + err.Error())
	}
	return byDefault(v)
}

// texts makes provenance-carrying values of a list.
func texts(list []opt[string], layer ir.Layer) []ir.Value[string] {
	out := make([]ir.Value[string], len(list))
	for i, o := range list {
		out[i] = ir.Value[string]{V: o.V, From: ir.Origin{Layer: layer, Range: o.At}}
	}
	return out
}

// plain makes one value of a list: the list as a whole has one origin.
func plain(list []opt[string], at opt[struct{}]) opt[[]string] {
	o := opt[[]string]{At: at.At, Set: at.Set, Bad: at.Bad, V: make([]string, len(list))}
	for i := range list {
		o.V[i] = list[i].V
	}
	return o
}

// seconds makes a number of a duration.
func seconds(o opt[time.Duration]) opt[int] {
	return opt[int]{V: int(o.V / time.Second), At: o.At, Set: o.Set, Bad: o.Bad}
}
