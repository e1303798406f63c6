package apply_test

import (
	"strings"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan/identity"
)

// misfortune is one thing that happens to a world.
type misfortune struct {
	name string
	do   func(w *worlds, b *being)
}

// misfortunes happen to a node's own guest; what happens to the others is the
// same seen from somewhere else.
func misfortunes() []misfortune {
	return []misfortune{
		{"its number is given to another guest", func(w *worlds, b *being) {
			w.remove(b)
			other := w.stranger()
			other.vmid = b.vmid
			w.put(other)
		}},
		{"it is removed", func(w *worlds, b *being) { w.remove(b) }},
		{"it is renamed", func(w *worlds, b *being) {
			b.name = w.one([]string{"other", "web", "old-" + b.name, "c"})
			w.set(b, "name", b.name)
		}},
		{"its tags go", func(w *worlds, b *being) {
			b.tags = ""
			w.set(b, "delete", "tags")
		}},
		{"its tags are others", func(w *worlds, b *being) {
			b.tags = w.one([]string{"prod", "homestak;prod", "hs-other"})
			w.set(b, "tags", b.tags)
		}},
		{"it is cloned", func(w *worlds, b *being) {
			w.put(&being{vmid: w.free(), name: "copy-of-" + b.name, tags: b.tags, uuid: w.anyUUID(), mac: w.anyMAC(), notes: b.notes})
		}},
		{"it is cloned by hand, identity included", func(w *worlds, b *being) {
			w.put(&being{vmid: w.free(), name: b.name, tags: b.tags, uuid: b.uuid, mac: b.mac, notes: b.notes})
		}},
		{"a backup of it is restored beside it", func(w *worlds, b *being) {
			w.put(&being{vmid: w.free(), name: b.name, tags: b.tags, uuid: b.uuid, mac: w.anyMAC(), notes: b.notes})
		}},
		{"it is restored under another number", func(w *worlds, b *being) {
			w.remove(b)
			w.put(&being{vmid: w.free(), name: b.name, tags: b.tags, uuid: b.uuid, mac: b.mac, notes: b.notes})
		}},
		{"its notes go", func(w *worlds, b *being) {
			b.says = ""
			w.notes(b, "")
		}},
		{"somebody writes about it", func(w *worlds, b *being) {
			w.notes(b, w.one([]string{"Do not touch!\n\n", "# web server\r\n"})+b.notes+w.one([]string{"", "\nsee wiki", "   \n\n"}))
		}},
		{"its notes are damaged", func(w *worlds, b *being) {
			b.says = ""
			w.notes(b, strings.Replace(b.notes, "incarnation 1", "incarnation 2", 1))
		}},
		{"its marker is there twice", func(w *worlds, b *being) {
			if b.notes != "" {
				b.says = ""
			}
			w.notes(b, b.notes+"\n"+b.notes)
		}},
		{"it gets the notes of another node", func(w *worlds, b *being) {
			a := w.other(b.maker)
			b.says = ""
			w.notes(b, identity.Seal(w.marker(&being{vmid: w.numbers[a]}, a), w.env.Keys.Marker()))
		}},
		{"another site marks it", func(w *worlds, b *being) {
			b.says = ""
			w.notes(b, identity.Seal(w.marker(b, b.maker), []byte("another site's key")))
		}},
		{"its uuid changes", func(w *worlds, b *being) {
			b.uuid = w.anyUUID()
			w.set(b, "smbios1", "uuid="+b.uuid)
		}},
		{"it gets the uuid of another node", func(w *worlds, b *being) {
			b.uuid = w.uuids[w.other(b.maker)]
			w.set(b, "smbios1", "uuid="+b.uuid)
		}},
		{"it loses all marks but its number", func(w *worlds, b *being) {
			b.uuid, b.says = w.anyUUID(), ""
			w.set(b, "smbios1", "uuid="+b.uuid)
			w.notes(b, "")
		}},
		{"the site gives it up", func(w *worlds, b *being) {
			m := w.marker(b, b.maker)
			m.Forgotten, b.mute = true, true
			w.notes(b, identity.Seal(m, w.env.Keys.Marker()))
		}},
		{"a stranger comes", func(w *worlds, b *being) { w.put(w.stranger()) }},
		{"a stranger gets its name", func(w *worlds, b *being) {
			s := w.stranger()
			s.name = b.name
			w.put(s)
		}},
		{"a stranger gets its uuid", func(w *worlds, b *being) {
			s := w.stranger()
			s.uuid = b.uuid
			w.put(s)
		}},
		{"a guest of a node that is gone", func(w *worlds, b *being) {
			for _, x := range w.all {
				if x.vmid == w.numbers[gone] {
					return
				}
			}
			w.put(w.made(gone))
		}},
		{"others move it", func(w *worlds, b *being) {
			to := map[string]string{"": "pve2", "lab": "pve2", "pve2": "lab"}[b.node]
			w.start("POST", b.path()+"/migrate", "target", to)
			w.wait()
			b.node = to
		}},
		{"it is edited", func(w *worlds, b *being) { w.set(b, "cores", "3", "description", b.notes) }},
	}
}

// other is a node that is not a.
func (w *worlds) other(a addr.Address) addr.Address {
	for {
		if o := w.nodes[w.rnd.IntN(len(w.nodes))]; o != a {
			return o
		}
	}
}

// happen lets something happen to the guest of a random node, if it has one.
func (w *worlds) happen() {
	a := w.nodes[w.rnd.IntN(len(w.nodes))]
	all := misfortunes()
	m := all[w.rnd.IntN(len(all))]
	for _, b := range w.all {
		if b.maker == a {
			w.tell("%s: %s", a, m.name)
			m.do(w, b)
			return
		}
	}
}
