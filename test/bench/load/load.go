// Load for the comparison, in Go: gRPC to etcd by etcd's own client, or one HTTP/2 request a call to SQLCC.
// The protocol with its driver (lines of JSON on stdout, commands on stdin) is the one of load.ts.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A target is a database as one of its clients sees it.
type target interface {
	// put answers the term that its answer carries.
	put(ctx context.Context, caller int, key string) (uint64, error)
	// get is a linearizable read.
	get(ctx context.Context, caller int, key string) error
	// watch calls the listener with every key that changes below the prefix, as told by the last endpoint.
	watch(ctx context.Context, prefix string, listener func(key string)) error
}

type options struct {
	target, op             string
	endpoints              []string
	callers, conns, keys   int
	valueBytes, count      int
	warmMs, measureMs      int
	ca, cert, key, serving string
}

const callTimeout = 10 * time.Second

func main() {
	var o options
	var endpoints string
	flag.StringVar(&o.target, "target", "etcd", "etcd or http")
	flag.StringVar(&o.op, "op", "put", "put, get, fill, failover or watch")
	flag.StringVar(&endpoints, "endpoints", "", "host:port,…")
	flag.IntVar(&o.callers, "callers", 1, "callers at once, each waiting for its own answer")
	flag.IntVar(&o.conns, "conns", 1, "connections that they share")
	flag.IntVar(&o.keys, "keys", 10000, "different keys")
	flag.IntVar(&o.valueBytes, "value-bytes", 256, "bytes of a value")
	flag.IntVar(&o.count, "count", 0, "calls in all, for fill and watch")
	flag.IntVar(&o.warmMs, "warm-ms", 1000, "time before anything is counted")
	flag.IntVar(&o.measureMs, "measure-ms", 3000, "time that is counted")
	flag.StringVar(&o.ca, "ca", "", "PEM file; without it no TLS")
	flag.StringVar(&o.cert, "cert", "", "PEM file")
	flag.StringVar(&o.key, "key", "", "PEM file")
	flag.Parse()
	o.endpoints = strings.Split(endpoints, ",")
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(o options) error {
	var t target
	var err error
	if o.target == "http" {
		t, err = newHTTPTarget(o)
	} else {
		t, err = newEtcdTarget(o)
	}
	if err != nil {
		return err
	}
	switch o.op {
	case "fill":
		return fill(o, t)
	case "failover":
		return failover(t)
	case "watch":
		return watch(o, t)
	default:
		if err := dial(o, t); err != nil {
			return err
		}
		return load(o, t)
	}
}

// Connections that are dialled at the same time.
const dialling = 16

// dial has every connection answer once: handshakes are no part of what is measured.
func dial(o options, t target) error {
	failures := make(chan error, o.conns)
	places := make(chan struct{}, dialling)
	for c := 0; c < o.conns; c++ {
		places <- struct{}{}
		go func(c int) {
			ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
			defer cancel()
			failures <- t.get(ctx, c, keyOf(0))
			<-places
		}(c)
	}
	for c := 0; c < o.conns; c++ {
		if err := <-failures; err != nil {
			return err
		}
	}
	return nil
}

var sayLock sync.Mutex

func say(line interface{}) {
	sayLock.Lock()
	defer sayLock.Unlock()
	_ = json.NewEncoder(os.Stdout).Encode(line)
}

type event struct {
	Event string `json:"event"`
}

type result struct {
	Event   string  `json:"event"`
	Ops     int     `json:"ops"`
	Errors  int64   `json:"errors"`
	Error   string  `json:"error"`
	Seconds float64 `json:"seconds"`
	CPUMs   float64 `json:"cpuMs"`
	// Latencies of every call that ended in the counted time, µs.
	LatencyUs []int32 `json:"latencyUs"`
}

// cpuMs is the user and system time of this process so far.
func cpuMs() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	ms := func(t syscall.Timeval) float64 { return float64(t.Sec)*1000 + float64(t.Usec)/1000 }
	return ms(u.Utime) + ms(u.Stime)
}

func keyOf(n int) string { return fmt.Sprintf("bench/%08d", n) }

func keysOf(count int) []string {
	keys := make([]string, count)
	for i := range keys {
		keys[i] = keyOf(i)
	}
	return keys
}

// load has every caller call again as soon as it is answered, and counts what ends in the counted time.
func load(o options, t target) error {
	keys := keysOf(o.keys)
	var phase, errors int32 // 0 warm, 1 counted, 2 over
	var failed int64
	var firstError atomic.Value
	latencies := make([][]int32, o.callers)
	var all sync.WaitGroup
	all.Add(o.callers)
	for c := 0; c < o.callers; c++ {
		go func(c int) {
			defer all.Done()
			random := uint32(c)*2654435761 + 12345
			for atomic.LoadInt32(&phase) < 2 {
				random = random*1664525 + 1013904223
				key := keys[int(random>>8)%len(keys)]
				ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
				began := time.Now()
				var err error
				if o.op == "get" {
					err = t.get(ctx, c, key)
				} else {
					_, err = t.put(ctx, c, key)
				}
				took := time.Since(began)
				cancel()
				if err != nil {
					firstError.CompareAndSwap(nil, err.Error())
					if atomic.AddInt32(&errors, 1) > 10000 {
						return
					}
				}
				if atomic.LoadInt32(&phase) != 1 {
					continue
				}
				if err != nil {
					atomic.AddInt64(&failed, 1)
				} else {
					latencies[c] = append(latencies[c], int32(took.Microseconds()))
				}
			}
		}(c)
	}
	time.Sleep(time.Duration(o.warmMs) * time.Millisecond)
	cpu := cpuMs()
	say(event{"begin"})
	began := time.Now()
	atomic.StoreInt32(&phase, 1)
	time.Sleep(time.Duration(o.measureMs) * time.Millisecond)
	atomic.StoreInt32(&phase, 2)
	seconds := time.Since(began).Seconds()
	say(event{"end"})
	cpu = cpuMs() - cpu
	all.Wait()
	var flat []int32
	for _, l := range latencies {
		flat = append(flat, l...)
	}
	text, _ := firstError.Load().(string)
	say(result{"result", len(flat), failed, text, seconds, cpu, flat})
	return nil
}

// fill writes `count` keys, one after the other, by all callers.
func fill(o options, t target) error {
	var next int64 = -1
	var failed int64
	var all sync.WaitGroup
	all.Add(o.callers)
	cpu := cpuMs()
	say(event{"begin"})
	began := time.Now()
	for c := 0; c < o.callers; c++ {
		go func(c int) {
			defer all.Done()
			for {
				n := int(atomic.AddInt64(&next, 1))
				if n >= o.count {
					return
				}
				ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
				if _, err := t.put(ctx, c, keyOf(n%o.keys)); err != nil {
					atomic.AddInt64(&failed, 1)
				}
				cancel()
			}
		}(c)
	}
	all.Wait()
	seconds := time.Since(began).Seconds()
	say(event{"end"})
	say(result{"result", o.count, failed, "", seconds, cpuMs() - cpu, nil})
	return nil
}

// A put that has no answer after this long gets another one beside it: what is measured is the database, not
// one request that died with the leader.
const hedgeAfter = 10 * time.Millisecond
const attemptTimeout = 2 * time.Second

type gap struct {
	Event string  `json:"event"`
	Ms    float64 `json:"ms"`
	Term  uint64  `json:"term"`
}

// failover writes without pause. A line `SIGKILL PID` or `SIGTERM PID` on stdin sends that signal at once; the
// first accepted put of a later term ends the gap.
func failover(t target) error {
	var lock sync.Mutex
	var term uint64
	var killed time.Time // zero = nobody was killed since the last gap
	put := func(n int) {
		ctx, cancel := context.WithTimeout(context.Background(), attemptTimeout)
		defer cancel()
		now, err := t.put(ctx, 0, keyOf(n%1000))
		if err != nil {
			return
		}
		lock.Lock()
		defer lock.Unlock()
		if now <= term {
			return
		}
		if !killed.IsZero() {
			say(gap{"gap", float64(time.Since(killed).Microseconds()) / 1000, now})
			killed = time.Time{}
		}
		term = now
	}
	go func() {
		for n := 0; ; n++ {
			done := make(chan struct{})
			began := time.Now()
			go func() { put(n); close(done) }()
			select {
			case <-done:
				if time.Since(began) < time.Millisecond {
					time.Sleep(time.Millisecond) // refused at once
				}
			case <-time.After(hedgeAfter):
			}
		}
	}()
	say(event{"begin"})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var name string
		var pid int
		if _, err := fmt.Sscanf(lines.Text(), "%s %d", &name, &pid); err != nil {
			return err
		}
		signal := syscall.SIGKILL
		if name == "SIGTERM" {
			signal = syscall.SIGTERM
		}
		lock.Lock()
		killed = time.Now()
		lock.Unlock()
		if err := syscall.Kill(pid, signal); err != nil {
			return err
		}
	}
	return nil
}

// watch measures from the start of a put on the first endpoint to its change at the last one.
func watch(o options, t target) error {
	var lock sync.Mutex
	heard := map[string]chan struct{}{}
	err := t.watch(context.Background(), "watched/", func(key string) {
		lock.Lock()
		defer lock.Unlock()
		if c, ok := heard[key]; ok {
			close(c)
			delete(heard, key)
		}
	})
	if err != nil {
		return err
	}
	time.Sleep(500 * time.Millisecond)
	var latencies []int32
	for n := 0; n < o.count; n++ {
		key := fmt.Sprintf("watched/%d", n)
		c := make(chan struct{})
		lock.Lock()
		heard[key] = c
		lock.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		began := time.Now()
		_, err := t.put(ctx, 0, key)
		cancel()
		if err != nil {
			return err
		}
		select {
		case <-c:
		case <-time.After(callTimeout):
			return fmt.Errorf("no change of %s was heard of", key)
		}
		latencies = append(latencies, int32(time.Since(began).Microseconds()))
		time.Sleep(2 * time.Millisecond)
	}
	say(result{"result", o.count, 0, "", 0, 0, latencies})
	return nil
}
