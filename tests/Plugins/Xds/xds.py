# The same client as tests/Node/xds.mjs on gRPC's C-core (Debian: python3-grpcio), configured as users do, by GRPC_XDS_BOOTSTRAP_CONFIG:
# one channel a process. The same lines in and out; "open" and "close" name it only.
import json
import os
import sys
import threading

# A client without calls looks at its connections only so often, in milliseconds; by default every 5,000.
os.environ["GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS"] = "20"
import grpc

ask = None


def answer(question):
    global ask
    try:
        if "open" in question:
            channel = grpc.insecure_channel("xds:///" + question["target"])
            ask = channel.unary_unary("/delivery.Arm/Ask", request_serializer=None, response_deserializer=None)
            return {}
        if "call" in question:
            metadata = tuple((question.get("metadata") or {}).items())
            return {"arm": ask(b"", metadata=metadata, timeout=60, wait_for_ready=False).decode()}
        return {}
    except grpc.RpcError as error:
        return {"error": f"{error.code().name}: {error.details()}"}


def respond(question):
    answered = {"id": question["id"], **answer(question)}
    with out:
        sys.stdout.write(json.dumps(answered) + "\n")
        sys.stdout.flush()


out = threading.Lock()
for line in sys.stdin:
    question = json.loads(line)
    if "open" in question:
        respond(question)
    else:
        threading.Thread(target=respond, args=(question,), daemon=True).start()
os._exit(0)
