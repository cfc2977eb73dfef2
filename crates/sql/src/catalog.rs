//! The names in a query: tables that were handed in, else topics, which are looked up when a query names them.
//!
//! `from orders.v1` is the topic `orders.v1`: what stands in front of a dot is part of the name.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, CatalogProviderList, SchemaProvider, TableProvider};
use datafusion::error::DataFusionError;

use crate::error::into_datafusion;
use crate::tables::Tables;

/// Names of catalog and schema that stand for none.
pub(crate) const NONE: &str = "kaframe";

/// All names, with what was written in front of the first dot.
#[derive(Debug)]
pub(crate) struct Names {
    tables: Arc<Tables>,
    catalog: Option<String>,
    schema: Option<String>,
    /// The same topic twice in a query is one frozen scan.
    found: Arc<Mutex<BTreeMap<String, Arc<dyn TableProvider>>>>,
}

impl Names {
    pub(crate) fn new(tables: Arc<Tables>) -> Names {
        Names {
            tables,
            catalog: None,
            schema: None,
            found: Arc::default(),
        }
    }

    fn behind(&self, catalog: Option<String>, schema: Option<String>) -> Arc<Names> {
        Arc::new(Names {
            tables: self.tables.clone(),
            catalog,
            schema,
            found: self.found.clone(),
        })
    }

    fn full(&self, name: &str) -> String {
        let parts = [self.catalog.as_deref(), self.schema.as_deref(), Some(name)];
        parts.into_iter().flatten().collect::<Vec<_>>().join(".")
    }
}

fn part(name: &str) -> Option<String> {
    (name != NONE).then(|| name.to_owned())
}

impl CatalogProviderList for Names {
    fn register_catalog(&self, _: String, _: Arc<dyn CatalogProvider>) -> Option<Arc<dyn CatalogProvider>> {
        None
    }

    fn catalog_names(&self) -> Vec<String> {
        vec![NONE.to_owned()]
    }

    fn catalog(&self, name: &str) -> Option<Arc<dyn CatalogProvider>> {
        Some(self.behind(part(name), None))
    }
}

impl CatalogProvider for Names {
    fn schema_names(&self) -> Vec<String> {
        vec![NONE.to_owned()]
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        Some(self.behind(self.catalog.clone(), part(name)))
    }
}

#[async_trait]
impl SchemaProvider for Names {
    fn table_names(&self) -> Vec<String> {
        self.tables.handed_in()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        let name = self.full(name);
        // `generate_series(1, 10)` is asked for here too.
        if self.tables.state.table_functions().contains_key(&name) && !self.tables.handed_in().contains(&name) {
            return Ok(None);
        }
        let known = self
            .found
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&name)
            .cloned();
        if known.is_some() {
            return Ok(known);
        }
        let table = self.tables.table(&name).await.map_err(into_datafusion)?;
        self.found
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name, table.clone());
        Ok(Some(table))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.tables.handed_in().contains(&self.full(name))
    }
}
