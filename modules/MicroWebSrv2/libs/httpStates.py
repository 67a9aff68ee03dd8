"""The states of an HTTP connection.

A connection is in exactly one state. Reading is on in IDLE, HEAD, BODY, RECEIVING, READING and DRAINING only: who
feeds the parser is the pool's thread then, and else the one that has ended the answer, or has taken a piece of content,
before it turns reading on again.

    IDLE       nothing of a next request has come
    HEAD       a part of a head is here
    BODY       the head is here, and its content comes
    RECEIVING  the handler has returned; the content that it has asked for comes, and nothing is answered
    READING    the handler, a coroutine, waits for a piece of the content
    DRAINING   the content of a request that was answered is passed over
    PAUSED     as RECEIVING, but the application takes no content until it resumes
    HANDLING   the handler runs, or what it gave for its content, or waits for a worker, and has not answered
    ANSWERING  the handler runs; its answer is on its way
    SENT       the handler runs; its answer is in the socket's buffer
    RETURNED   the handler has ended; its answer is on its way
    LINGERING  refused: what still comes is dropped, so that the client can read why
    DETACHED   another protocol has the connection
    CLOSED     what it held is given back
"""

IDLE = 0
HEAD = 1
BODY = 2
RECEIVING = 3
READING = 4
DRAINING = 5
PAUSED = 6
HANDLING = 7
ANSWERING = 8
SENT = 9
RETURNED = 10
LINGERING = 11
DETACHED = 12
CLOSED = 13
