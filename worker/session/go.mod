module gift.dev/worker/session

go 1.26.0
