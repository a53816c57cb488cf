// Package register has no generator: each secret here comes from somewhere.
package register
