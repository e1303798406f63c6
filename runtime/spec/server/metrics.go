package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/homestak/homestak/runtime/spec"
)

// metrics are the server's counters, in a registry of its own.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	refusals *prometheus.CounterVec
	reports  *prometheus.CounterVec
	enrolled prometheus.Counter
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "homestak_requests_total", Help: "Requests answered, by route and status."}, []string{"route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "homestak_request_seconds", Help: "Time to an answer, by route.", Buckets: prometheus.ExponentialBuckets(0.0005, 4, 8),
		}, []string{"route"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "homestak_refusals_total", Help: "Requests refused, by reason."}, []string{"reason"}),
		reports:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "homestak_reports_total", Help: "Reports of nodes, by outcome."}, []string{"outcome"}),
		enrolled: prometheus.NewCounter(prometheus.CounterOpts{Name: "homestak_enrollments_total", Help: "Nodes enrolled."}),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.refusals, m.reports, m.enrolled)
	return m
}

func (m *metrics) answered(route string, status int, d time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route).Observe(d.Seconds())
}

func (m *metrics) refused(reason string) { m.refusals.WithLabelValues(reason).Inc() }

// reported counts a report; what a node calls its outcome is not taken for a
// name unless it is one.
func (m *metrics) reported(o spec.Outcome) {
	switch o {
	case spec.Right, spec.Drifted, spec.Failed, spec.Rebooting, spec.Paused:
	default:
		o = "other"
	}
	m.reports.WithLabelValues(string(o)).Inc()
}

func (s *Server) serveMetrics(x *exchange) error {
	promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{}).ServeHTTP(x.w, x.r)
	return nil
}

// health says that the server answers.
func (s *Server) health(x *exchange) error {
	return x.json(http.StatusOK, map[string]string{"status": "ok"})
}

// ready says that it can do its work: its store answers.
func (s *Server) ready(x *exchange) error {
	if _, err := s.cfg.Store.List(x.ctx(), keyNode, "", 1); err != nil {
		s.cfg.Logger.Error("the store does not answer", "err", err)
		return refuse(http.StatusServiceUnavailable, "E500", "the store does not answer")
	}
	return x.json(http.StatusOK, map[string]string{"status": "ready"})
}
