// The peer of backend: the same two endpoints on the same table with net/http and aws-sdk-go-v2, as plain as Go people
// would write them. It has none of the manners (no request ids, no metrics, no schema check), so it is not at a disadvantage.
package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const (
	board     = "main"
	index     = "newest"
	bodyLimit = 16 * 1024
	instant   = "2006-01-02T15:04:05.000000Z"
)

type message struct {
	UUID     string `json:"uuid"`
	Author   string `json:"author"`
	Text     string `json:"text"`
	PostedAt string `json:"posted_at"`
}

type messageList struct {
	Messages []message `json:"messages"`
	Next     string    `json:"next,omitempty"`
}

type server struct {
	db    *dynamodb.Client
	table string
}

func main() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatalf("read the AWS settings: %v", err)
	}
	s := server{db: dynamodb.NewFromConfig(cfg), table: os.Getenv("TABLE_NAME")}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("GET /api/messages", s.list)
	mux.HandleFunc("POST /api/messages", s.post)
	log.Fatal(http.ListenAndServe(os.Getenv("LISTEN_ADDR"), mux))
}

func (s server) ready(w http.ResponseWriter, r *http.Request) {
	_, err := s.db.GetItem(r.Context(), &dynamodb.GetItemInput{
		TableName:      &s.table,
		Key:            map[string]types.AttributeValue{"uuid": text("_schema")},
		ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		http.Error(w, "the table does not answer", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprint(w, "ok")
}

func (s server) list(w http.ResponseWriter, r *http.Request) {
	limit := 20
	if asked := r.URL.Query().Get("limit"); asked != "" {
		n, err := strconv.Atoi(asked)
		if err != nil || n < 1 || n > 100 {
			http.Error(w, "limit is from 1 to 100", http.StatusBadRequest)
			return
		}
		limit = n
	}
	start, err := startKey(r.URL.Query().Get("before"))
	if err != nil {
		http.Error(w, "no such cursor", http.StatusBadRequest)
		return
	}
	page, err := s.db.Query(r.Context(), &dynamodb.QueryInput{
		TableName:                 &s.table,
		IndexName:                 aws.String(index),
		KeyConditionExpression:    aws.String("#board = :board"),
		ExpressionAttributeNames:  map[string]string{"#board": "board"},
		ExpressionAttributeValues: map[string]types.AttributeValue{":board": text(board)},
		ScanIndexForward:          aws.Bool(false),
		Limit:                     aws.Int32(int32(limit)),
		ExclusiveStartKey:         start,
	})
	if err != nil {
		log.Printf("list messages: %v", err)
		http.Error(w, "the table does not answer", http.StatusServiceUnavailable)
		return
	}
	list := messageList{Messages: make([]message, 0, len(page.Items)), Next: cursor(page.LastEvaluatedKey)}
	for _, item := range page.Items {
		list.Messages = append(list.Messages, message{
			UUID: value(item, "uuid"), Author: value(item, "author"), Text: value(item, "text"), PostedAt: value(item, "posted_at"),
		})
	}
	answer(w, http.StatusOK, list)
}

func (s server) post(w http.ResponseWriter, r *http.Request) {
	var m message
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit)).Decode(&m); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if strings.TrimSpace(m.Author) == "" || strings.TrimSpace(m.Text) == "" {
		http.Error(w, "author and text must not be blank", http.StatusUnprocessableEntity)
		return
	}
	m.UUID, m.PostedAt = newUUID(), time.Now().UTC().Format(instant)
	_, err := s.db.PutItem(r.Context(), &dynamodb.PutItemInput{
		TableName: &s.table,
		Item: map[string]types.AttributeValue{
			"uuid": text(m.UUID), "author": text(m.Author), "text": text(m.Text), "posted_at": text(m.PostedAt), "board": text(board),
		},
		ConditionExpression:      aws.String("attribute_not_exists(#uuid)"),
		ExpressionAttributeNames: map[string]string{"#uuid": "uuid"},
	})
	if err != nil {
		log.Printf("store a message: %v", err)
		http.Error(w, "the table does not answer", http.StatusServiceUnavailable)
		return
	}
	answer(w, http.StatusCreated, m)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		log.Printf("write an answer: %v", err)
	}
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func value(item map[string]types.AttributeValue, name string) string {
	if s, ok := item[name].(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

func newUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// The keys of the index and of the table, in this order, are where a page goes on.
var keys = []string{"uuid", "board", "posted_at"}

func cursor(key map[string]types.AttributeValue) string {
	if len(key) == 0 {
		return ""
	}
	parts := make([]string, len(keys))
	for i, name := range keys {
		parts[i] = value(key, name)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(parts, " ")))
}

func startKey(cursor string) (map[string]types.AttributeValue, error) {
	if cursor == "" {
		return nil, nil
	}
	plain, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil, err
	}
	parts := strings.Split(string(plain), " ")
	if len(parts) != len(keys) {
		return nil, errors.New("wrong number of parts")
	}
	key := make(map[string]types.AttributeValue, len(keys))
	for i, name := range keys {
		key[name] = text(parts[i])
	}
	return key, nil
}
