# One image for the endpoint (its command as it is) and for flows: Docker, Kubernetes and ECS work pools give their own.
ARG PYTHON=3.12
FROM python:${PYTHON}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 UV_LINK_MODE=copy
RUN python -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir 'uv>=0.8'
WORKDIR /src
COPY . .
RUN /opt/uv/bin/uv build --no-cache --wheel --out-dir /dist .
RUN /opt/uv/bin/uv venv --no-cache --python /usr/local/bin/python /opt/llmops
# the packages of the lock, without those that only the tests need
RUN /opt/uv/bin/uv pip install --no-cache --compile-bytecode --python /opt/llmops/bin/python --constraint requirements.lock \
  "$(echo /dist/*.whl)[postgresql]"

FROM python:${PYTHON}-slim
RUN useradd --uid 10001 --no-create-home --home-dir /data llmops && install --directory --owner llmops /data
COPY --from=build /opt/llmops /opt/llmops
# everything that is written lies in /data or /tmp, so that the root may be read-only
ENV PATH=/opt/llmops/bin:$PATH HOME=/data LLMOPS_HOME=/data PREFECT_HOME=/data/prefect PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001
WORKDIR /data
VOLUME ["/data", "/tmp"]
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=180s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
CMD ["llmops", "serve", "--host", "0.0.0.0"]
