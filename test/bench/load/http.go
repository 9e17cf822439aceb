package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/ioutil"
	"net/http"
	"net/url"
	"strings"
)

// httpTarget calls SQLCC's API: one HTTP/2 request a call, on sessions that stay open.
type httpTarget struct {
	conns           []*http.Client
	origin, watched string
	body            []byte
}

func newHTTPTarget(o options) (target, error) {
	secure, err := tlsOf(o)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]string{"value": strings.Repeat("x", o.valueBytes)})
	if err != nil {
		return nil, err
	}
	t := &httpTarget{origin: "https://" + o.endpoints[0], body: body}
	t.watched = "https://" + o.endpoints[len(o.endpoints)-1]
	for i := 0; i < o.conns; i++ {
		transport := &http.Transport{TLSClientConfig: secure.Clone(), ForceAttemptHTTP2: true}
		t.conns = append(t.conns, &http.Client{Transport: transport})
	}
	return t, nil
}

func (t *httpTarget) call(request *http.Request, caller int, answer interface{}) error {
	response, err := t.conns[caller%len(t.conns)].Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := ioutil.ReadAll(response.Body)
	if err == nil && response.StatusCode != 200 {
		err = fmt.Errorf("status %d: %s", response.StatusCode, text)
	}
	if err == nil && answer != nil {
		err = json.Unmarshal(text, answer)
	}
	return err
}

func pathOf(key string) string { return "/v1/kv/" + url.PathEscape(key) }

func (t *httpTarget) put(ctx context.Context, caller int, key string) (uint64, error) {
	var body io.Reader = bytes.NewReader(t.body)
	request, err := http.NewRequestWithContext(ctx, "PUT", t.origin+pathOf(key), body)
	if err != nil {
		return 0, err
	}
	request.Header.Set("content-type", "application/json")
	var answer struct{ Term uint64 }
	err = t.call(request, caller, &answer)
	return answer.Term, err
}

func (t *httpTarget) get(ctx context.Context, caller int, key string) error {
	request, err := http.NewRequestWithContext(ctx, "GET", t.origin+pathOf(key), nil)
	if err != nil {
		return err
	}
	var answer struct{ Value string }
	return t.call(request, caller, &answer)
}

func (t *httpTarget) watch(ctx context.Context, prefix string, listener func(string)) error {
	address := t.watched + "/v1/kv?watch=1&prefix=" + url.QueryEscape(prefix)
	request, err := http.NewRequestWithContext(ctx, "GET", address, nil)
	if err != nil {
		return err
	}
	response, err := t.conns[0].Do(request)
	if err != nil {
		return err
	}
	if response.StatusCode != 200 {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	go func() {
		lines := bufio.NewScanner(response.Body)
		for lines.Scan() {
			var change struct{ Type, Key string }
			if json.Unmarshal(lines.Bytes(), &change) == nil && change.Type == "put" {
				listener(change.Key)
			}
		}
	}()
	return nil
}
