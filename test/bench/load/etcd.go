package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io/ioutil"
	"strings"
	"time"

	"go.etcd.io/etcd/clientv3"
	"go.uber.org/zap"
)

// etcdTarget is etcd's own client; callers are spread over its connections in turn.
type etcdTarget struct {
	conns   []*clientv3.Client
	watcher *clientv3.Client
	value   string
}

func newEtcdTarget(o options) (target, error) {
	t := &etcdTarget{value: strings.Repeat("x", o.valueBytes)}
	secure, err := tlsOf(o)
	if err != nil {
		return nil, err
	}
	dial := func(endpoints []string) (*clientv3.Client, error) {
		// it would tell of every call that dies with a leader
		quiet := zap.NewProductionConfig()
		quiet.Level = zap.NewAtomicLevelAt(zap.ErrorLevel)
		return clientv3.New(clientv3.Config{
			Endpoints: endpoints, DialTimeout: 5 * time.Second, TLS: secure, LogConfig: &quiet,
		})
	}
	if o.op == "watch" {
		last := len(o.endpoints) - 1
		if t.watcher, err = dial(o.endpoints[last:]); err != nil {
			return nil, err
		}
		o.endpoints = o.endpoints[:1]
	}
	for i := 0; i < o.conns; i++ {
		conn, err := dial(o.endpoints)
		if err != nil {
			return nil, err
		}
		t.conns = append(t.conns, conn)
	}
	return t, nil
}

func (t *etcdTarget) put(ctx context.Context, caller int, key string) (uint64, error) {
	answer, err := t.conns[caller%len(t.conns)].Put(ctx, key, t.value)
	if err != nil {
		return 0, err
	}
	return answer.Header.RaftTerm, nil
}

func (t *etcdTarget) get(ctx context.Context, caller int, key string) error {
	answer, err := t.conns[caller%len(t.conns)].Get(ctx, key)
	if err == nil && len(answer.Kvs) != 1 {
		return fmt.Errorf("no key %s", key)
	}
	return err
}

func (t *etcdTarget) watch(ctx context.Context, prefix string, listener func(string)) error {
	changes := t.watcher.Watch(ctx, prefix, clientv3.WithPrefix())
	go func() {
		for change := range changes {
			for _, e := range change.Events {
				listener(string(e.Kv.Key))
			}
		}
	}()
	return nil
}

// tlsOf is nil without certificates.
func tlsOf(o options) (*tls.Config, error) {
	if o.ca == "" {
		return nil, nil
	}
	pem, err := ioutil.ReadFile(o.ca)
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(o.cert, o.key)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}}, nil
}
