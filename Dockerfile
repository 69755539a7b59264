# The app as a server for others, see docs/hosting.md. Nothing is built: every dependency comes as a wheel.
FROM python:3.11-slim

# The dependencies first, with the extras, so that a change of the app does not fetch them again.
WORKDIR /app
COPY pyproject.toml requirements.txt README.md LICENSE ./
# The versions stand in requirements.txt, which the linter does not see.
# hadolint ignore=DL3013
RUN pip install --no-cache-dir ".[login,report]" && pip uninstall --yes comeback

COPY .streamlit/config.toml .streamlit/config.toml
COPY retention_core retention_core
COPY sample_data sample_data
COPY pages pages
COPY app.py ./
# Compiled here, because the running container can write nowhere but to /tmp.
RUN python -m compileall -q . && useradd --system --no-create-home --uid 10001 comeback

USER 10001
# One store of memory for small things too: what visitors leave can be given back, see docs/hosting.md.
ENV COMEBACK_HOSTED=1 HOME=/tmp PYTHONMALLOC=malloc PYTHONUNBUFFERED=1
EXPOSE 8501

# Ready is who has run the app; the route does so anew once a minute.
HEALTHCHECK --interval=60s --timeout=65s --start-period=90s --retries=2 \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8501/readyz', timeout=60)"]

CMD ["uvicorn", "pages.shared.server:app", "--host", "0.0.0.0", "--port", "8501", \
     "--no-access-log", "--no-server-header", "--ws-per-message-deflate", "false", "--timeout-graceful-shutdown", "10"]
