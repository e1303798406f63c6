package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/homestak/homestak/runtime/lab/faults"
)

// NodeState is what a node of the lab's cluster is up to.
type NodeState string

// A node that is up answers. One that is cut off does not, while its guests go
// on; one that is off has lost its power, and its guests with it.
const (
	NodeUp  NodeState = ""
	NodeCut NodeState = "cut"
	NodeOff NodeState = "off"
)

// hostWait is how long PVE tries to reach a node before it answers 595.
const hostWait = 3 * time.Second

// member is a node of the cluster. One that left is no node any more, but the
// guests that were on it are still known, as is its address.
type member struct {
	Name  string    `json:"name"`
	ID    int       `json:"id"` // of corosync, from 1
	State NodeState `json:"state,omitempty"`
	Left  bool      `json:"left,omitempty"`
	Born  time.Time `json:"born"` // when it came up
}

// clusterFile is the content of cluster.json. Without a name the lab is one node
// that stands alone.
type clusterFile struct {
	Name    string    `json:"name,omitempty"`
	Version int       `json:"version,omitempty"` // of corosync's configuration
	Members []*member `json:"members"`           // by name
	Key     string    `json:"key,omitempty"`     // proves one member to another

	Joined *membership `json:"joined,omitempty"` // the lab whose cluster this one is in, if that is another's
}

// clone is a copy that can be changed.
func (f clusterFile) clone() clusterFile {
	f.Members = slices.Clone(f.Members)
	for i, m := range f.Members {
		changed := *m
		f.Members[i] = &changed
	}
	return f
}

func (f clusterFile) find(name string) *member {
	for _, m := range f.Members {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// join makes a node a member, in a copy.
func (f clusterFile) join(name string, now time.Time) clusterFile {
	f = f.clone()
	f.Version++
	if m := f.find(name); m != nil {
		m.Left, m.State, m.Born = false, NodeUp, now
		return f
	}
	id := 1
	for _, m := range f.Members {
		id = max(id, m.ID+1)
	}
	f.Members = append(f.Members, &member{Name: name, ID: id, Born: now})
	slices.SortFunc(f.Members, func(a, b *member) int { return strings.Compare(a.Name, b.Name) })
	return f
}

// loadCluster reads the nodes, and adds those that the configuration names.
func (l *Lab) loadCluster() error {
	err := l.dir.load(&l.cluster, "cluster.json")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if l.cluster.find(l.cfg.Node) == nil {
		l.cluster = l.cluster.join(l.cfg.Node, l.born)
	}
	for _, name := range l.cfg.Nodes {
		if m := l.cluster.find(name); m == nil || m.Left {
			if err := l.AddNode(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// saveCluster replaces the cluster, on disk first; the caller holds mu.
func (l *Lab) saveCluster(f clusterFile) error {
	if f.Name != "" && f.Key == "" {
		f.Key = newUUID()
	}
	if err := l.dir.save(f, "cluster.json"); err != nil {
		return dirError(l.dir.root, err)
	}
	l.cluster = f
	return nil
}

// AddNode makes a node join the lab's cluster, as if it had been installed and
// joined: it has the storages and the bridge that every node of a lab has, and
// no guests. Adding a member again changes nothing.
func (l *Lab) AddNode(name string) error {
	if !patternFormats["pve-node"].match.MatchString(name) {
		return codeDir.Errorf("%q is no name of a node", name)
	}
	l.mu.Lock()
	if m := l.cluster.find(name); m != nil && !m.Left {
		l.mu.Unlock()
		return nil
	}
	f := l.cluster.join(name, l.now())
	if f.Name == "" {
		f.Name = l.cfg.Name
	}
	err := l.saveCluster(f)
	if err == nil && l.hv != nil {
		// At open the storages come after the nodes.
		err = l.addStorages(name)
	}
	l.mu.Unlock()
	if err == nil && l.server != nil {
		err = l.listenAs(name)
	}
	return err
}

// SetNode changes the state of a node. A node that comes back after it was off
// starts its guests that have onboot set.
func (l *Lab) SetNode(ctx context.Context, name string, state NodeState) error {
	l.mu.Lock()
	m := l.cluster.find(name)
	if m == nil {
		l.mu.Unlock()
		return fmt.Errorf("no such cluster node '%s'", name)
	}
	was := m.State
	f := l.cluster.clone()
	f.find(name).State = state
	if was == NodeOff && state != NodeOff {
		f.find(name).Born = l.now()
	}
	err := l.saveCluster(f)
	ids := l.guestsOn(name)
	server := l.servers[name]
	l.mu.Unlock()
	if err != nil {
		return err
	}
	if state != NodeUp && server != nil {
		server.cut(false)
	}
	switch {
	case state == NodeOff && was != NodeOff:
		return l.powerCut(name, ids)
	case state != NodeOff && was == NodeOff:
		return l.coldStart(ctx, ids)
	}
	return nil
}

// guestsOn are the ids of a node's guests; the caller holds mu.
func (l *Lab) guestsOn(node string) []uint {
	return slices.DeleteFunc(sortedVMIDs(l.vms), func(id uint) bool { return l.vms[id].Node != node })
}

// powerCut stops the tasks and the guests of a node that has lost its power.
func (l *Lab) powerCut(name string, ids []uint) error {
	l.tasks.stopOn(name)
	var errs []error
	for _, vmid := range ids {
		if v, err := l.lookup(vmid); err == nil && v.machine != nil {
			errs = append(errs, v.machine.Stop())
			l.poweredOff(vmid)
		}
	}
	return errors.Join(errs...)
}

// stopOn interrupts the tasks of a node.
func (ts *tasks) stopOn(node string) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for _, t := range ts.order {
		if t.Node == node && t.Exit == "" && t.cancel != nil {
			t.cancel()
		}
	}
}

// members are the nodes of the cluster, by name.
func (l *Lab) members() []member {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []member
	for _, m := range l.cluster.Members {
		if !m.Left {
			out = append(out, *m)
		}
	}
	return out
}

// clustered reports whether the node is one of a cluster, and its name.
func (l *Lab) clustered() (name string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cluster.Name, l.cluster.Name != ""
}

// Nodes are the names of the cluster's nodes, sorted; a lab that stands alone
// has one.
func (l *Lab) Nodes() []string {
	var names []string
	for _, m := range l.members() {
		names = append(names, m.Name)
	}
	return names
}

// hasNode reports whether a node is a member of the cluster.
func (l *Lab) hasNode(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.cluster.find(name)
	return m != nil && !m.Left
}

// nodeUp reports whether a node is there and answers.
func (l *Lab) nodeUp(name string) bool {
	if l.is(faults.NodeDown, name) {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.cluster.find(name)
	return m != nil && !m.Left && m.State == NodeUp
}

// reach fails when the node that a request is for has no address or does not
// answer, as PVE's proxy does.
func (l *Lab) reach(ctx context.Context, name string) error {
	l.mu.Lock()
	m := l.cluster.find(name)
	l.mu.Unlock()
	if m == nil {
		return errorf(500, "hostname lookup '"+name+"' failed - failed to get address info for: "+name+": Name or service not known")
	}
	if l.nodeUp(name) {
		return nil
	}
	if err := l.cfg.Clock.Sleep(ctx, hostWait); err != nil {
		return err
	}
	return errorf(595, "No route to host")
}
