package lab

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"testing"
)

func benchLab(b *testing.B) *Lab {
	l, err := Open(b.Context(), Config{Dir: b.TempDir(), Node: "pve1", Hypervisor: Bare})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	return l
}

// One request over a connection that is kept.
func BenchmarkRequest(b *testing.B) {
	l := benchLab(b)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	b.ReportAllocs()
	for b.Loop() {
		req, _ := http.NewRequest("GET", l.URL()+"/api2/json/version", nil)
		req.Header.Set("Authorization", "PVEAPIToken="+l.Token())
		resp, err := client.Do(req)
		if err != nil || resp.StatusCode != 200 {
			b.Fatal(resp, err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
}

// A guest's create task, from the request to its end.
func BenchmarkCreate(b *testing.B) {
	l := benchLab(b)
	b.ReportAllocs()
	vmid := 100
	for b.Loop() {
		_, upid, reason := l.Do(b.Context(), "POST", "/nodes/pve1/qemu", []KV{
			{"vmid", fmt.Sprint(vmid)}, {"scsi0", "local:1"}, {"net0", "virtio,bridge=vmbr0"}, {"tags", "a;b"}, {"memory", "512"},
		})
		if upid == nil {
			b.Fatal(reason)
		}
		t, err := l.tasks.find("pve1", upid.(string))
		if err != nil {
			b.Fatal(err)
		}
		<-t.ctx.Done()
		vmid++
	}
}

// Listing everything, with guests on the host.
func BenchmarkResources(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			l := benchLab(b)
			for i := range n {
				l.Do(b.Context(), "POST", "/nodes/pve1/qemu", []KV{{"vmid", fmt.Sprint(100 + i)}, {"scsi0", "local:1"}})
			}
			l.tasks.wg.Wait()
			b.ReportAllocs()
			for b.Loop() {
				l.Do(b.Context(), "GET", "/cluster/resources", nil)
			}
		})
	}
}
