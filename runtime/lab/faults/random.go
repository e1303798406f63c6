package faults

import (
	"math/rand/v2"
	"time"
)

// Random makes n rules out of a seed: the same for the same seed. Each happens
// once or a few times, at some moment, and every state passes, so whoever tries
// again often enough gets through.
func Random(seed uint64, n int) []Rule {
	rnd := rand.New(rand.NewPCG(seed, 0x68736661756c7473))
	out := make([]Rule, n)
	for i := range out {
		out[i] = randomRule(rnd)
	}
	return out
}

// anything, what starts tasks, and what changes a guest: where faults hurt.
var (
	everywhere = []string{"", "", "* /nodes/**", "GET /cluster/resources", "GET /nodes/*/qemu/*/pending", "* /pools/**", "* /pools"}
	starters   = []string{
		"POST /nodes/*/qemu", "POST /nodes/*/qemu", "POST /nodes/*/qemu/*/config", "POST /nodes/*/qemu/*/status/*",
		"PUT /nodes/*/qemu/*/resize", "DELETE /nodes/*/qemu/*", "POST /nodes/*/storage/*/upload", "DELETE /nodes/*/storage/*/content/**",
	}
	writers = append([]string{"POST /pools", "DELETE /pools/**", "PUT /nodes/*/qemu/*/unlink", "POST /nodes/**", "PUT /nodes/**", "DELETE /nodes/**"}, starters...)
)

func randomRule(rnd *rand.Rand) Rule {
	pick := func(list []string) string { return list[rnd.IntN(len(list))] }
	span := func(most time.Duration) Duration {
		return Duration(time.Duration(1+rnd.Int64N(int64(most/time.Second))) * time.Second)
	}
	r := Rule{Skip: rnd.IntN(12), Times: 1 + rnd.IntN(3)}
	anywhere := func() {
		r.On, r.Skip = pick(everywhere), rnd.IntN(200)
		if rnd.IntN(2) == 0 {
			r.On, r.Skip = pick(writers), rnd.IntN(12)
		}
	}
	switch rnd.IntN(14) {
	case 0, 1:
		anywhere()
		r.Fault, r.Delay, r.Times = Delay, span(45*time.Second), 1+rnd.IntN(20)
	case 2, 3:
		anywhere()
		r.Fault, r.Status, r.Effect = Answer, []int{595, 596, 599, 502, 503, 504}[rnd.IntN(6)], rnd.IntN(2) == 0
	case 4:
		anywhere()
		r.Fault, r.Status, r.Reason = Answer, 500, []string{
			"got no worker upid - start worker failed", "cluster not ready - no quorum?", "unable to open file - Input/output error",
			"cfs-lock 'file-user_cfg' error: got lock request timeout",
		}[rnd.IntN(4)]
	case 5, 6:
		anywhere()
		r.Fault, r.Effect = Drop, rnd.IntN(2) == 0
	case 7:
		anywhere()
		r.Fault, r.Percent = Cut, rnd.IntN(100)
	case 8:
		r.Fault, r.On, r.Percent, r.For, r.Times = TaskStuck, pick(starters), rnd.IntN(100), span(10*time.Minute), 1
	case 9, 10:
		r.Fault, r.On, r.Percent, r.Effect = TaskFail, pick(starters), rnd.IntN(100), rnd.IntN(4) == 0
	case 11:
		r.Fault, r.On = LockTimeout, pick(starters)
	case 12:
		anywhere()
		r.Times = 1
		switch rnd.IntN(3) {
		case 0:
			r.Fault, r.Storage, r.For = StorageFull, []string{"local", "data"}[rnd.IntN(2)], span(3*time.Minute)
		case 1:
			r.Fault, r.For = NodeDown, span(2*time.Minute)
		default:
			r.Fault, r.For = TokenRevoked, span(2*time.Minute)
		}
	default:
		anywhere()
		r.Times = 1
		if rnd.IntN(2) == 0 {
			r.Fault, r.For = Certificate, span(2*time.Minute)
		} else {
			r.Fault, r.By = Clock, Duration([]time.Duration{3 * time.Hour, -3 * time.Hour, 5 * time.Minute}[rnd.IntN(3)])
		}
	}
	return r
}
