// The peer of frontend: the message board's page with net/http and html/template over the same backend.
// No script, no hydration, no live updates: the least a page can do.
package main

import (
	"bytes"
	"encoding/json"
	"html/template"
	"log"
	"net/http"
	"os"
	"time"
)

type message struct {
	UUID     string `json:"uuid"`
	Author   string `json:"author"`
	Text     string `json:"text"`
	PostedAt string `json:"posted_at"`
}

type messageList struct {
	Messages []message `json:"messages"`
	Next     string    `json:"next"`
}

var page = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Message board</title><link rel="stylesheet" href="/style.css"></head>
<body><main>
<h1>Message board</h1>
<form method="post" action="/form/post">
<label for="author">Your name</label><input id="author" name="author" required>
<label for="text">Message</label><textarea id="text" name="text" required></textarea>
<button>Post</button>
</form>
<ol class="messages">{{range .Messages}}
<li data-uuid="{{.UUID}}"><p class="by"><strong>{{.Author}}</strong> <time datetime="{{.PostedAt}}">{{.PostedAt}}</time></p><p class="text">{{.Text}}</p></li>{{end}}
</ol>
{{with .Next}}<p><a href="/?before={{.}}">Older messages</a></p>{{end}}
</main></body></html>
`))

func main() {
	backend := os.Getenv("BACKEND_URL")
	// The default keeps two idle connections to a host, which would measure connecting.
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 256
	client := &http.Client{Transport: transport, Timeout: 7 * time.Second}
	http.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {})
	http.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		var list messageList
		if err := get(client, backend+"/api/messages", &list); err != nil {
			log.Printf("list messages: %v", err)
			http.Error(w, "the board cannot be reached", http.StatusServiceUnavailable)
			return
		}
		var html bytes.Buffer
		if err := page.Execute(&html, list); err != nil {
			log.Printf("render the page: %v", err)
			http.Error(w, "the page cannot be rendered", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		html.WriteTo(w)
	})
	log.Fatal(http.ListenAndServe(os.Getenv("LISTEN_ADDR"), nil))
}

func get(client *http.Client, url string, into any) error {
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return json.NewDecoder(response.Body).Decode(into)
}
