# One image for migration, set-up, web and workers; docker-compose.yml says which command each service runs.
FROM python:3.13-slim AS build
WORKDIR /build
RUN python -m venv /opt/connect
COPY constraints.txt ./
COPY pyproject.toml README.md LICENSE cli.py settings.py worker.py ./
COPY canonical canonical
COPY connectors connectors
COPY erp erp
COPY activities activities
COPY workflows workflows
COPY web web
COPY embedded embedded
COPY sandbox sandbox
COPY bench bench
COPY commands commands
COPY adapters adapters
COPY documents documents
RUN /opt/connect/bin/pip install --quiet --no-cache-dir -c constraints.txt .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /data --no-create-home connect \
    && install --directory --owner=connect --group=connect --mode=0700 /data
COPY --from=build /opt/connect /opt/connect
ENV PATH=/opt/connect/bin:$PATH PYTHONUNBUFFERED=1 CONNECT_DATA=/data
USER connect
WORKDIR /data
ENTRYPOINT ["connect"]
CMD ["--help"]
